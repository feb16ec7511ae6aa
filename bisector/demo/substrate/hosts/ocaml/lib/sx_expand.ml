(* Forms to expressions: derived forms become core forms. *)

open Sx_types

let lambdas = ref 0
let rest_marker = intern "&rest"

let symbol = function
  | Sym s -> s
  | v -> fail ("a name was expected, not " ^ Sx_printer.to_string v)

(* Names that a body defines at its own level: they get slots of its frame. *)
let defined body =
  List.filter_map
    (function
      | List (Sym { name = "define" } :: Sym s :: _) -> Some s
      | List (Sym { name = "define" } :: List (Sym s :: _) :: _) -> Some s
      | _ -> None)
    body

let rec nesting = function
  | Const _ | Var _ | Fn _ -> 1
  | If (c, t, e) -> 1 + max (nesting c) (max (nesting t) (nesting e))
  | Let (_, inits, body) -> 1 + Array.fold_left (fun d i -> max d (nesting i)) (nesting body) inits
  | Seq (a, b) -> max (nesting a) (nesting b)
  | Define (_, e) | Set (_, e) -> 1 + nesting e
  | Call (f, args) -> 1 + Array.fold_left (fun d a -> max d (nesting a)) (nesting f) args
  | Guard (_, handler, body) -> 1 + max (nesting handler) (nesting body)
  | Handle (a, b) | Perform (a, b) -> 1 + max (nesting a) (nesting b)

let rec expand form =
  match form with
  | Sym s -> Var s
  | List [] -> Const Nil
  | List (Sym { name } :: rest) -> special name rest form
  | List (f :: args) -> call f args
  | v -> Const v

and call f args = Call (expand f, Array.of_list (List.map expand args))

and special name rest form =
  match (name, rest) with
  | "quote", [ v ] -> Const v
  | "if", [ c; t ] -> If (expand c, expand t, Const Nil)
  | "if", [ c; t; e ] -> If (expand c, expand t, expand e)
  | "when", c :: body -> If (expand c, sequence body, Const Nil)
  | "cond", clauses -> cond clauses
  | "and", items -> conjunction items
  | "or", items -> disjunction items
  | ("begin" | "do"), body -> sequence body
  | "let", List bindings :: body -> let_ bindings body
  | "let*", List bindings :: body -> let_star bindings body
  | ("fn" | "lambda"), List params :: body -> Fn (lambda params body)
  | "define", [ Sym s; e ] -> Define (s, expand e)
  | "define", List (Sym s :: params) :: body -> Define (s, Fn (lambda params body))
  | "set!", [ Sym s; e ] -> Set (s, expand e)
  | "guard", List [ Sym e; handler ] :: body -> Guard ([| e |], expand handler, sequence body)
  | "handle", handler :: body -> Handle (expand handler, sequence body)
  | "perform", [ op; arg ] -> Perform (expand op, expand arg)
  | ("quote" | "if" | "let" | "let*" | "fn" | "lambda" | "define" | "set!" | "guard" | "perform"), _ ->
      fail ("malformed " ^ name ^ ": " ^ Sx_printer.to_string form)
  | _ -> call (List.hd (match form with List l -> l | _ -> [])) rest

and sequence = function
  | [] -> Const Nil
  | [ e ] -> expand e
  | e :: rest -> Seq (expand e, sequence rest)

and cond = function
  | [] -> Const Nil
  | List (Sym { name = "else" } :: body) :: _ -> sequence body
  | List (test :: body) :: rest -> If (expand test, sequence body, cond rest)
  | v :: _ -> fail ("malformed cond clause: " ^ Sx_printer.to_string v)

and conjunction = function
  | [] -> Const (Bool true)
  | [ e ] -> expand e
  | e :: rest -> If (expand e, conjunction rest, Const (Bool false))

and disjunction = function
  | [] -> Const (Bool false)
  | [ e ] -> expand e
  | e :: rest ->
      let held = intern " or" in
      Let ([| held |], [| expand e |], If (Var held, Var held, disjunction rest))

and let_ bindings body =
  let names, inits =
    List.split
      (List.map
         (function
           | List [ Sym s; e ] -> (s, expand e)
           | v -> fail ("malformed binding: " ^ Sx_printer.to_string v))
         bindings)
  in
  Let (Array.of_list (names @ defined body), Array.of_list inits, sequence body)

and let_star bindings body =
  match bindings with
  | [] | [ _ ] -> let_ bindings body
  | first :: rest -> let_ [ first ] [ List (Sym (intern "let*") :: List rest :: body) ]

and lambda params body =
  let names = List.map symbol params in
  let rest = List.memq rest_marker names in
  let names = List.filter (fun s -> s != rest_marker) names in
  let inner = defined body in
  let body = sequence body in
  incr lambdas;
  {
    lid = !lambdas;
    params = List.length names;
    rest;
    shape = Array.of_list (names @ inner);
    body;
  }
