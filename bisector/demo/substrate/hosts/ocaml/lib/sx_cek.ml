(* The tree-walk: evaluates an expression as it stands, names looked up as met. *)

open Sx_types
open Sx_machine

let step tag at go k = Sx_frames.push (Step { tag; at; go }) k

let rec eval expr env k =
  match expr with
  | Const v -> return k v
  | Var s -> (
      match Sx_env.lookup env s with v -> return k v | exception Sx_error e -> throw e k)
  | Fn lam -> return k (Lambda { lam; env })
  | If (c, t, e) -> eval c env (step "if" env (fun v k -> eval (if truthy v then t else e) env k) k)
  | Seq (a, b) -> eval a env (step "seq" env (fun _ k -> eval b env k) k)
  | Define (s, e) -> eval e env (step "define" env (fun v k -> define env s v k) k)
  | Set (s, e) ->
      let set v k =
        match Sx_env.assign env s v with () -> return k v | exception Sx_error e -> throw e k
      in
      eval e env (step "set!" env set k)
  | Let (names, inits, body) ->
      values inits 0 [] env (fun slots k -> eval body (Sx_env.extend env names slots) k) (Array.length names) k
  | Call (f, args) ->
      eval f env
        (step "call" env (fun f k -> values args 0 [] env (fun args k -> call f args k) (Array.length args) k) k)
  | Guard (names, handler, body) ->
      let caught e k = eval handler (Sx_env.extend env names [| e |]) k in
      eval body env (Sx_frames.mark (Guard_mark caught) k)
  | Handle (handler, body) ->
      let install h k = eval body env (Sx_frames.mark (Handle_mark h) k) in
      eval handler env (step "handle" env install k)
  | Perform (op, arg) ->
      let with_op op k = eval arg env (step "perform" env (fun arg k -> perform op arg k) k) in
      eval op env (step "perform" env with_op k)

(* Evaluate [exprs] from [i] on; hand all the values, in an array of [size], to [finish]. *)
and values exprs i done_ env finish size k =
  if i = Array.length exprs then (
    let slots = Array.make size Nil in
    List.iteri (fun j v -> slots.(i - 1 - j) <- v) done_;
    finish slots k)
  else
    eval exprs.(i) env
      (step "arg" env (fun v k -> values exprs (i + 1) (v :: done_) env finish size k) k)

and define env s v k =
  let act () = if env.parent = None then Sx_env.define s v else Sx_env.assign env s v in
  match act () with () -> return k (Sym s) | exception Sx_error e -> throw e k
