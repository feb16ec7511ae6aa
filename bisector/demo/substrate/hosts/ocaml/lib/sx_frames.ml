(* The one place that knows how a continuation is laid out. *)

open Sx_types

let push frame next =
  incr Sx_stats.frames;
  Push { frame; next }

let frame p = p.frame
let next p = p.next

(* Frames [upto] the nearest handler (it included), innermost first, and the
   continuation beyond it. *)
let rec split upto taken = function
  | Halt -> None
  | Push p -> (
      let taken = frame p :: taken in
      match upto (frame p) with
      | Some found -> Some (found, List.rev taken, next p)
      | None -> split upto taken (next p))

let reinstate frames k = List.fold_left (fun k f -> push f k) k (List.rev frames)

(* The record of a suspension, for (last-suspension): shared with the machine. *)
let last_suspension : frame list ref = ref []

let suspend frames = last_suspension := frames

(* Push the mark of a guard or handler: nothing is recorded until it is needed. *)
let mark frame k = push frame k
