(* Text to values. A form is complete at its closing parenthesis: nothing
   beyond it is read, so that a client on a pipe is answered at once. *)

open Sx_types

exception Syntax of string
exception End_of_input

type source = { next_char : unit -> char; mutable peeked : char option }

let of_channel ic = { next_char = (fun () -> input_char ic); peeked = None }

let of_string text =
  let at = ref (-1) in
  let next_char () =
    incr at;
    if !at >= String.length text then raise End_of_file else text.[!at]
  in
  { next_char; peeked = None }

let peek src =
  match src.peeked with
  | Some c -> c
  | None ->
      let c = src.next_char () in
      src.peeked <- Some c;
      c

let skip src = src.peeked <- None

let rec blank src =
  match peek src with
  | ' ' | '\t' | '\n' | '\r' ->
      skip src;
      blank src
  | ';' ->
      rest_of_line src;
      blank src
  | _ -> ()

and rest_of_line src =
  if peek src <> '\n' then (
    skip src;
    rest_of_line src)

let delimiter = function
  | ' ' | '\t' | '\n' | '\r' | '(' | ')' | '"' | ';' | '\'' -> true
  | _ -> false

let atom text =
  match int_of_string_opt text with
  | Some i -> Int i
  | None -> (
      match text with
      | "true" -> Bool true
      | "false" -> Bool false
      | "nil" -> Nil
      | _ -> (
          match text.[0] with
          | '0' .. '9' | '-' | '.' -> (
              match float_of_string_opt text with
              | Some f -> Float f
              | None -> Sym (intern text))
          | _ -> Sym (intern text)))

let rec read_atom src buffer =
  match peek src with
  | c when delimiter c -> atom (Buffer.contents buffer)
  | c ->
      skip src;
      Buffer.add_char buffer c;
      read_atom src buffer
  | exception End_of_file -> atom (Buffer.contents buffer)

let rec read_string src buffer =
  let c = peek src in
  skip src;
  match c with
  | '"' -> Str (Buffer.contents buffer)
  | '\\' ->
      let escaped = peek src in
      skip src;
      Buffer.add_char buffer (match escaped with 'n' -> '\n' | 't' -> '\t' | e -> e);
      read_string src buffer
  | c ->
      Buffer.add_char buffer c;
      read_string src buffer

let rec read_form src =
  blank src;
  match peek src with
  | '(' ->
      skip src;
      read_items src []
  | ')' ->
      skip src;
      raise (Syntax "unexpected )")
  | '"' ->
      skip src;
      read_string src (Buffer.create 32)
  | '\'' ->
      skip src;
      List [ Sym (intern "quote"); read_form src ]
  | _ -> read_atom src (Buffer.create 16)

and read_items src items =
  blank src;
  match peek src with
  | ')' ->
      skip src;
      List (List.rev items)
  | _ -> read_items src (read_form src :: items)

(* The next form; [End_of_input] where there is none. *)
let read src =
  (match blank src with () -> () | exception End_of_file -> raise End_of_input);
  match read_form src with
  | form -> form
  | exception End_of_file -> raise (Syntax "the input ends inside a form")

let rec read_all src =
  match read src with
  | form -> form :: read_all src
  | exception End_of_input -> []
