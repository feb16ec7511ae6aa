(* Values as text that the reader can read back. *)

open Sx_types

let quote buffer s =
  Buffer.add_char buffer '"';
  String.iter
    (function
      | '"' -> Buffer.add_string buffer "\\\""
      | '\\' -> Buffer.add_string buffer "\\\\"
      | '\n' -> Buffer.add_string buffer "\\n"
      | c -> Buffer.add_char buffer c)
    s;
  Buffer.add_char buffer '"'

let number f =
  if Float.is_integer f && Float.abs f < 1e15 then Printf.sprintf "%.1f" f
  else Printf.sprintf "%.12g" f

let rec write buffer = function
  | Nil -> Buffer.add_string buffer "nil"
  | Bool b -> Buffer.add_string buffer (if b then "true" else "false")
  | Int i -> Buffer.add_string buffer (string_of_int i)
  | Float f -> Buffer.add_string buffer (number f)
  | Str s -> quote buffer s
  | Sym s -> Buffer.add_string buffer s.name
  | List items ->
      Buffer.add_char buffer '(';
      List.iteri
        (fun i item ->
          if i > 0 then Buffer.add_char buffer ' ';
          write buffer item)
        items;
      Buffer.add_char buffer ')'
  | Dict d -> Buffer.add_string buffer (Printf.sprintf "<dict %d>" (Hashtbl.length d))
  | Prim p -> Buffer.add_string buffer ("<primitive " ^ p.pname ^ ">")
  | Lambda _ -> Buffer.add_string buffer "<fn>"
  | Resumption _ -> Buffer.add_string buffer "<resumption>"
  | Unbound -> Buffer.add_string buffer "<unbound>"

let to_string v =
  let buffer = Buffer.create 64 in
  write buffer v;
  Buffer.contents buffer

let display = function Str s -> s | v -> to_string v
