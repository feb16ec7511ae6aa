(* Primitives: plain functions on values, with the types they take. *)

open Sx_types

(* Check arguments against their declared types before a primitive runs: for
   debugging guests; every primitive checks by pattern what it must. *)
let strict = ref false

let types_by_name =
  [
    ("any", fun _ -> true);
    ("list", function List _ | Nil -> true | _ -> false);
    ("string", function Str _ -> true | _ -> false);
    ("int", function Int _ -> true | _ -> false);
    ("number", function Int _ | Float _ -> true | _ -> false);
    ("dict", function Dict _ -> true | _ -> false);
    ("key", function Str _ | Sym _ -> true | _ -> false);
    ("symbol", function Sym _ -> true | _ -> false);
  ]

let value_matches_type v wanted =
  let rec search = function
    | (name, holds) :: rest -> if String.equal name wanted then holds v else search rest
    | [] -> fail ("unknown type " ^ wanted)
  in
  search types_by_name

let mismatch p v = fail (p.pname ^ ": wrong type of argument: " ^ Sx_printer.to_string v)

let rec check_each p args wanted =
  match (args, wanted) with
  | v :: args, t :: wanted ->
      incr Sx_stats.type_checks;
      if not (value_matches_type v t) then mismatch p v;
      check_each p args wanted
  | _ -> ()

let check p args = check_each p args p.takes

let apply p args =
  if !strict then check p args;
  match (p.run, args) with
  | P0 f, [] -> f ()
  | P1 f, [ a ] -> f a
  | P2 f, [ a; b ] -> f a b
  | P3 f, [ a; b; c ] -> f a b c
  | PN f, args -> f args
  | _ -> fail (p.pname ^ ": wrong number of arguments")

let add name takes run =
  Hashtbl.replace Sx_env.primitives name { held = Prim { pname = name; takes; run } }

let wrong name v = fail (name ^ ": wrong type of argument: " ^ Sx_printer.to_string v)

let arithmetic name on_ints on_floats =
  let f a b =
    match (a, b) with
    | Int x, Int y -> Int (on_ints x y)
    | Float x, Float y -> Float (on_floats x y)
    | Int x, Float y -> Float (on_floats (float_of_int x) y)
    | Float x, Int y -> Float (on_floats x (float_of_int y))
    | (Int _ | Float _), v | v, _ -> wrong name v
  in
  add name [ "number"; "number" ] (P2 f)

let compare_numbers name (on_ints : int -> int -> bool) (on_floats : float -> float -> bool) =
  let f a b =
    match (a, b) with
    | Int x, Int y -> Bool (on_ints x y)
    | Float x, Float y -> Bool (on_floats x y)
    | Int x, Float y -> Bool (on_floats (float_of_int x) y)
    | Float x, Int y -> Bool (on_floats x (float_of_int y))
    | (Int _ | Float _), v | v, _ -> wrong name v
  in
  add name [ "number"; "number" ] (P2 f)

let division name f = function
  | Int _, Int 0 -> fail (name ^ ": division by zero")
  | Int x, Int y -> Int (f x y)
  | (Int _, v) | (v, _) -> wrong name v

let numbers () =
  arithmetic "+" ( + ) ( +. );
  arithmetic "-" ( - ) ( -. );
  arithmetic "*" ( * ) ( *. );
  compare_numbers "<" ( < ) ( < );
  compare_numbers ">" ( > ) ( > );
  compare_numbers "<=" ( <= ) ( <= );
  compare_numbers ">=" ( >= ) ( >= );
  add "quotient" [ "int"; "int" ] (P2 (fun a b -> division "quotient" ( / ) (a, b)));
  add "mod" [ "int"; "int" ]
    (P2 (fun a b -> division "mod" (fun x y -> ((x mod y) + y) mod y) (a, b)));
  add "=" [ "any"; "any" ] (P2 (fun a b -> Bool (equal a b)));
  add "not" [ "any" ] (P1 (fun a -> Bool (not (truthy a))))

let items name = function List l -> l | Nil -> [] | v -> wrong name v

let rec assoc key = function
  | (List (k :: _) as pair) :: rest -> if equal k key then pair else assoc key rest
  | _ :: rest -> assoc key rest
  | [] -> Nil

let lists () =
  add "list" [] (PN (fun args -> List args));
  add "cons" [ "any"; "list" ] (P2 (fun a l -> List (a :: items "cons" l)));
  add "first" [ "list" ] (P1 (function List (a :: _) -> a | List [] | Nil -> Nil | v -> wrong "first" v));
  add "second" [ "list" ] (P1 (function List (_ :: a :: _) -> a | List _ | Nil -> Nil | v -> wrong "second" v));
  add "third" [ "list" ]
    (P1 (function List (_ :: _ :: a :: _) -> a | List _ | Nil -> Nil | v -> wrong "third" v));
  add "rest" [ "list" ] (P1 (function List (_ :: l) -> List l | List [] | Nil -> List [] | v -> wrong "rest" v));
  add "empty?" [ "list" ] (P1 (function List [] | Nil -> Bool true | List _ -> Bool false | v -> wrong "empty?" v));
  add "length" [ "list" ] (P1 (fun l -> Int (List.length (items "length" l))));
  add "append" [ "list"; "list" ] (P2 (fun a b -> List (items "append" a @ items "append" b)));
  add "reverse" [ "list" ] (P1 (fun l -> List (List.rev (items "reverse" l))));
  add "nth" [ "list"; "int" ]
    (P2
       (fun l i ->
         match i with
         | Int i when i >= 0 -> ( match List.nth_opt (items "nth" l) i with Some v -> v | None -> Nil)
         | v -> wrong "nth" v));
  add "assoc" [ "any"; "list" ] (P2 (fun k l -> assoc k (items "assoc" l)));
  add "member?" [ "any"; "list" ] (P2 (fun v l -> Bool (List.exists (equal v) (items "member?" l))))

let text name = function Str s -> s | Sym s -> s.name | v -> wrong name v

let substring s a b =
  match (s, a, b) with
  | Str s, Int a, Int b when 0 <= a && a <= b && b <= String.length s -> Str (String.sub s a (b - a))
  | v, _, _ -> wrong "substring" v

let letters = Array.init 256 (fun i -> Str (String.make 1 (Char.chr i)))

let strings () =
  add "str" [] (PN (fun args -> Str (String.concat "" (List.map Sx_printer.display args))));
  add "str-length" [ "string" ] (P1 (fun s -> Int (String.length (text "str-length" s))));
  add "str-at" [ "string"; "int" ]
    (P2
       (fun s i ->
         match (s, i) with
         | Str s, Int i when 0 <= i && i < String.length s -> letters.(Char.code s.[i])
         | Str _, Int _ -> Nil
         | v, _ -> wrong "str-at" v));
  add "substring" [ "string"; "int"; "int" ] (P3 substring);
  add "str->int" [ "string" ]
    (P1 (fun s -> match int_of_string_opt (text "str->int" s) with Some i -> Int i | None -> Nil));
  add "symbol->string" [ "symbol" ] (P1 (fun s -> Str (text "symbol->string" s)));
  add "string->symbol" [ "string" ] (P1 (fun s -> Sym (intern (text "string->symbol" s))));
  add "join" [ "string"; "list" ]
    (P2 (fun sep l -> Str (String.concat (text "join" sep) (List.map Sx_printer.display (items "join" l)))))

let types () =
  let is name f = add name [ "any" ] (P1 (fun v -> Bool (f v))) in
  is "nil?" (function Nil -> true | _ -> false);
  is "number?" (function Int _ | Float _ -> true | _ -> false);
  is "string?" (function Str _ -> true | _ -> false);
  is "symbol?" (function Sym _ -> true | _ -> false);
  is "list?" (function List _ -> true | _ -> false);
  is "fn?" (function Lambda _ | Prim _ | Resumption _ -> true | _ -> false);
  is "dict?" (function Dict _ -> true | _ -> false)

let table name = function Dict d -> d | v -> wrong name v

let dicts () =
  add "dict" [] (P0 (fun () -> Dict (Hashtbl.create 8)));
  add "get" [ "dict"; "key" ]
    (P2
       (fun d k ->
         match Hashtbl.find_opt (table "get" d) (text "get" k) with Some v -> v | None -> Nil));
  add "has?" [ "dict"; "key" ] (P2 (fun d k -> Bool (Hashtbl.mem (table "has?" d) (text "has?" k))));
  add "put!" [ "dict"; "key"; "any" ]
    (P3
       (fun d k v ->
         Hashtbl.replace (table "put!" d) (text "put!" k) v;
         v));
  add "remove!" [ "dict"; "key" ]
    (P2
       (fun d k ->
         Hashtbl.remove (table "remove!" d) (text "remove!" k);
         Nil))

let raise_ v = raise (Sx_error v)
let milliseconds () = Int (int_of_float (Unix.gettimeofday () *. 1000.))

let system () =
  add "raise" [ "any" ] (P1 raise_);
  add "error" [ "string" ] (P1 raise_);
  add "clock-milliseconds" [] (P0 milliseconds);
  add "jit-compiles" [] (P0 (fun () -> Int !Sx_stats.jit_compiles));
  add "allocated-words" [] (P0 (fun () -> Int (Sx_stats.allocated_words ())));
  add "stats" []
    (P0
       (fun () ->
         let pair (name, n) = List [ Sym (intern name); Int n ] in
         List (List.map pair (Sx_stats.all ()))))

(* Primitives added since: each is on its own. *)
let more () =
  (* -- new primitives above this line -- *)
  ()

let install () =
  numbers ();
  lists ();
  strings ();
  types ();
  dicts ();
  system ();
  more ()
