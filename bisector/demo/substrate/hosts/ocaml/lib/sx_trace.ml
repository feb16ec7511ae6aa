(* The last calls, for messages about errors: a ring of fixed size. *)

open Sx_types

let size = 64
let ring = Array.make size 0
let at = ref 0

let record (lam : lam) (slots : value array) =
  at := (!at + 1) land (size - 1);
  ring.(!at) <- lam.lid

(* Called at the end of each epoch. *)
let clear () = Array.fill ring 0 size 0
