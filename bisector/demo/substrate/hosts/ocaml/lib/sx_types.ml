(* Values, expressions, environments and frames of the substrate. *)

type sym = { name : string; id : int }

type value =
  | Nil
  | Bool of bool
  | Int of int
  | Float of float
  | Str of string
  | Sym of sym
  | List of value list
  | Dict of (string, value) Hashtbl.t
  | Prim of prim
  | Lambda of closure
  | Resumption of frame list
  | Unbound

and prim = { pname : string; takes : string list; run : run }

and run =
  | P0 of (unit -> value)
  | P1 of (value -> value)
  | P2 of (value -> value -> value)
  | P3 of (value -> value -> value -> value)
  | PN of (value list -> value)

and expr =
  | Const of value
  | Var of sym
  | If of expr * expr * expr
  | Let of sym array * expr array * expr
  | Seq of expr * expr
  | Fn of lam
  | Define of sym * expr
  | Set of sym * expr
  | Call of expr * expr array
  | Guard of sym array * expr * expr
  | Handle of expr * expr
  | Perform of expr * expr

(* [shape] holds the parameters and, after them, the names defined in the body. *)
and lam = {
  lid : int;
  params : int;
  rest : bool;
  shape : sym array;
  body : expr;
}

and closure = { lam : lam; env : env }

and env = {
  names : sym array;
  slots : value array;
  parent : env option;
  scope : (string, cell) Hashtbl.t;
  stamp : int;
}

and cell = { mutable held : value }

and code = env -> kont -> value

(* What is left to do once a value is known. Frames are immutable: a
   continuation may be resumed more than once. *)
and frame =
  | Step of { tag : string; at : env; go : value -> kont -> value }
  | Guard_mark of (value -> kont -> value)
  | Handle_mark of value

and kont = Halt | Push of pushed
and pushed = { frame : frame; next : kont }

exception Sx_error of value

let fail message = raise (Sx_error (Str message))
let truthy = function Nil | Bool false -> false | _ -> true
let symbols : (string, sym) Hashtbl.t = Hashtbl.create 512

let intern name =
  match Hashtbl.find_opt symbols name with
  | Some s -> s
  | None ->
      let s = { name; id = Hashtbl.length symbols } in
      Hashtbl.add symbols name s;
      s

let rec equal a b =
  match (a, b) with
  | Int x, Int y -> x = y
  | Str x, Str y -> String.equal x y
  | Sym x, Sym y -> x == y
  | Nil, Nil -> true
  | Nil, List [] | List [], Nil -> true
  | Bool x, Bool y -> x = y
  | Float x, Float y -> x = y
  | Int x, Float y | Float y, Int x -> float_of_int x = y
  | List x, List y -> List.compare_lengths x y = 0 && List.for_all2 equal x y
  | Dict x, Dict y -> x == y
  | Lambda x, Lambda y -> x == y
  | Prim x, Prim y -> x == y
  | _ -> false
