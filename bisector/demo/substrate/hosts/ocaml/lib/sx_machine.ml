(* Continuations at work: returning, calling, raising, performing, resuming.
   All calls are tail calls of OCaml, so its own stack stays flat. *)

open Sx_types

let rec return k v =
  match k with
  | Halt -> v
  | Push p -> (
      match Sx_frames.frame p with
      | Step s -> s.go v (Sx_frames.next p)
      | Guard_mark _ | Handle_mark _ -> return (Sx_frames.next p) v)

exception Uncaught of value

let rec throw error = function
  | Halt -> raise (Uncaught error)
  | Push p -> (
      match Sx_frames.frame p with
      | Guard_mark handler -> handler error (Sx_frames.next p)
      | _ -> throw error (Sx_frames.next p))

(* Set by the JIT: the code that runs a lambda's body. *)
let code_for : (lam -> env -> code) ref = ref (fun _ _ -> assert false)

let slots_of (lam : lam) args =
  let given = Array.length args and wanted = Array.length lam.shape in
  if lam.rest then (
    let fixed = lam.params - 1 in
    if given < fixed then fail (Printf.sprintf "%d arguments or more expected, not %d" fixed given);
    let slots = Array.make wanted Nil in
    Array.blit args 0 slots 0 fixed;
    slots.(fixed) <- List (Array.to_list (Array.sub args fixed (given - fixed)));
    slots)
  else if given <> lam.params then
    fail (Printf.sprintf "%d arguments expected, not %d" lam.params given)
  else if wanted = given then args
  else
    let slots = Array.make wanted Nil in
    Array.blit args 0 slots 0 given;
    slots

let rec call f args k =
  match f with
  | Lambda c -> (
      match slots_of c.lam args with
      | slots ->
          incr Sx_stats.calls;
          Sx_trace.record c.lam slots;
          let env = Sx_env.enter c.env c.lam.shape slots in
          !code_for c.lam env env k
      | exception Sx_error e -> throw e k)
  | Prim p -> (
      match Sx_primitives.apply p (Array.to_list args) with
      | v -> return k v
      | exception Sx_error e -> throw e k)
  | Resumption frames when Array.length args = 1 ->
      return (Sx_frames.reinstate frames k) args.(0)
  | Unbound -> throw (Str "call of an unbound name") k
  | v -> throw (Str ("not a function: " ^ Sx_printer.to_string v)) k

let handler_of = function Handle_mark h -> Some h | _ -> None

(* Hand [op] and [arg] to the nearest handler, with the frames up to it (the
   handler included) as a function that resumes them. *)
let perform op arg k =
  match Sx_frames.split handler_of [] k with
  | None -> throw (Str ("no handler for " ^ Sx_printer.to_string op)) k
  | Some (handler, frames, beyond) ->
      Sx_frames.suspend frames;
      call handler [| op; arg; Resumption frames |] beyond
