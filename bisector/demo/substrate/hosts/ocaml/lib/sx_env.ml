(* Environments: a chain of frames of slots, over a scope of cells that were
   defined by name, over the primitives. *)

open Sx_types

let primitives : (string, cell) Hashtbl.t = Hashtbl.create 256
let scope : (string, cell) Hashtbl.t = Hashtbl.create 16
let root = { names = [||]; slots = [||]; parent = None; scope; stamp = 0 }

(* A new frame below [parent]. *)
let extend parent names slots =
  { names; slots; parent = Some parent; scope = parent.scope; stamp = parent.stamp }

(* The frame of a call: the scope is shared with the caller, never copied. *)
let enter parent names slots = extend parent names slots

(* The cell of a top-level name, made (unbound) where there is none yet. *)
let cell env (s : sym) =
  let rec search = function
    | table :: rest -> (
        match Hashtbl.find_opt table s.name with Some c -> c | None -> search rest)
    | [] ->
        let c = { held = Unbound } in
        Hashtbl.add scope s.name c;
        c
  in
  search [ env.scope; scope; primitives ]

let define (s : sym) v =
  let c = cell root s in
  match c.held with
  | Prim p -> fail ("the primitive " ^ p.pname ^ " cannot be redefined")
  | _ -> c.held <- v

let index names s =
  let rec at i = if i < 0 then -1 else if names.(i) == s then i else at (i - 1) in
  at (Array.length names - 1)

type place = Local of int * int | Global of cell

let place env s =
  let rec search e depth =
    match index e.names s with
    | -1 -> (
        match e.parent with
        | Some p -> search p (depth + 1)
        | None -> Global (cell env s))
    | i -> Local (depth, i)
  in
  search env 0

let rec up env depth =
  if depth = 0 then env
  else match env.parent with Some p -> up p (depth - 1) | None -> env

let unbound (s : sym) = fail ("unbound name: " ^ s.name)

let lookup env s =
  match place env s with
  | Local (depth, i) -> (up env depth).slots.(i)
  | Global c -> ( match c.held with Unbound -> unbound s | v -> v)

let assign env s v =
  match place env s with
  | Local (depth, i) -> (up env depth).slots.(i) <- v
  | Global { held = Unbound } -> unbound s
  | Global { held = Prim p } -> fail ("the primitive " ^ p.pname ^ " cannot be assigned")
  | Global c -> c.held <- v
