(* Compile on first call: a lambda's body becomes OCaml closures with names
   resolved to slots and cells. Code is cached; a body that cannot be compiled
   is cached as the sentinel [Failed] and stays with the tree-walk. *)

open Sx_types
open Sx_machine

exception Not_compilable

(* [Direct] code calls no lambda: it needs no continuation. *)
type compiled = Direct of (env -> value) | Steps of code

let steps = function
  | Steps code -> code
  | Direct d -> (
      fun env k -> match d env with v -> return k v | exception Sx_error e -> throw e k)

let step tag at go k = Sx_frames.push (Step { tag; at; go }) k

(* The environment in which names are resolved: the frames that will be there
   when the code runs, innermost first. *)
let variable env s =
  match Sx_env.place env s with
  | Local (0, i) -> fun e -> e.slots.(i)
  | Local (1, i) -> (
      fun e -> match e.parent with Some p -> p.slots.(i) | None -> Nil)
  | Local (depth, i) -> fun e -> (Sx_env.up e depth).slots.(i)
  | Global c -> fun _ -> ( match c.held with Unbound -> Sx_env.unbound s | v -> v)

let inner env names = { env with names; slots = [||]; parent = Some env }

let primitive env = function
  | Var s -> (
      match Sx_env.place env s with
      | Global { held = Prim p } -> Some p
      | _ -> None)
  | _ -> None

let all_direct codes =
  if Array.for_all (function Direct _ -> true | Steps _ -> false) codes then
    Some (Array.map (function Direct d -> d | Steps _ -> assert false) codes)
  else None

let rec compile env expr : compiled =
  match expr with
  | Const v -> Direct (fun _ -> v)
  | Var s -> Direct (variable env s)
  | Fn lam -> Direct (fun env -> Lambda { lam; env })
  | If (c, t, e) -> conditional (compile env c) (compile env t) (compile env e)
  | Seq (a, b) -> sequence (compile env a) (compile env b)
  | Define (s, e) -> assignment env s (Sym s) e
  | Set (s, e) -> assignment env s Nil e
  | Let (names, inits, body) ->
      binding names (Array.map (compile env) inits) (compile (inner env names) body)
  | Call (f, args) -> application env f (Array.map (compile env) args)
  | Guard (names, handler, body) ->
      let handler = steps (compile (inner env names) handler) and body = steps (compile env body) in
      Steps
        (fun env k ->
          let caught e k = handler (Sx_env.extend env names [| e |]) k in
          body env (Sx_frames.mark (Guard_mark caught) k))
  | Handle (handler, body) ->
      let handler = steps (compile env handler) and body = steps (compile env body) in
      Steps
        (fun env k ->
          let install h k = body env (Sx_frames.mark (Handle_mark h) k) in
          handler env (step "handle" env install k))
  | Perform (op, arg) ->
      arguments [| compile env op; compile env arg |] 2 (fun _ args k -> perform args.(0) args.(1) k)

and conditional c t e =
  match (c, t, e) with
  | Direct c, Direct t, Direct e -> Direct (fun env -> if truthy (c env) then t env else e env)
  | Direct c, t, e ->
      let t = steps t and e = steps e in
      Steps
        (fun env k ->
          match c env with
          | v -> if truthy v then t env k else e env k
          | exception Sx_error error -> throw error k)
  | Steps c, t, e ->
      let t = steps t and e = steps e in
      Steps (fun env k -> c env (step "if" env (fun v k -> if truthy v then t env k else e env k) k))

and sequence a b =
  match (a, b) with
  | Direct a, Direct b ->
      Direct
        (fun env ->
          ignore (a env);
          b env)
  | _ ->
      let a = steps a and b = steps b in
      Steps (fun env k -> a env (step "seq" env (fun _ k -> b env k) k))

and assignment env s answer e =
  let store e v = Sx_env.assign e s v; if answer = Nil then v else answer in
  match compile env e with
  | Direct d -> Direct (fun e -> store e (d e))
  | Steps code ->
      let go env v k =
        match store env v with v -> return k v | exception Sx_error error -> throw error k
      in
      Steps (fun env k -> code env (step "set!" env (go env) k))

and binding names inits body =
  let size = Array.length names in
  match (all_direct inits, body) with
  | Some [| init |], Direct body when size = 1 ->
      Direct (fun env -> body (Sx_env.extend env names [| init env |]))
  | Some inits, Direct body ->
      Direct (fun env -> body (Sx_env.extend env names (collect inits size env)))
  | _ ->
      let body = steps body in
      arguments inits size (fun env slots k -> body (Sx_env.extend env names slots) k)

and collect codes size env =
  let slots = Array.make size Nil in
  Array.iteri (fun i code -> slots.(i) <- code env) codes;
  slots

(* Evaluate [codes] from left to right into an array of [size], then [finish]. *)
and arguments codes size finish =
  match all_direct codes with
  | Some [| a |] when size = 1 ->
      Steps
        (fun env k ->
          match a env with
          | a -> finish env [| a |] k
          | exception Sx_error error -> throw error k)
  | Some [| a; b |] when size = 2 ->
      Steps
        (fun env k ->
          match
            let a = a env in
            [| a; b env |]
          with
          | slots -> finish env slots k
          | exception Sx_error error -> throw error k)
  | Some codes ->
      Steps
        (fun env k ->
          match collect codes size env with
          | slots -> finish env slots k
          | exception Sx_error error -> throw error k)
  | None -> Steps (fun env k -> one_by_one codes 0 [] size finish env k)

and one_by_one codes i done_ size finish env k =
  if i = Array.length codes then (
    let slots = Array.make size Nil in
    List.iteri (fun j v -> slots.(i - 1 - j) <- v) done_;
    finish env slots k)
  else
    match codes.(i) with
    | Direct d -> (
        match d env with
        | v -> one_by_one codes (i + 1) (v :: done_) size finish env k
        | exception Sx_error error -> throw error k)
    | Steps code ->
        let go v k = one_by_one codes (i + 1) (v :: done_) size finish env k in
        code env (step "arg" env go k)

and application env f args =
  match (primitive env f, all_direct args) with
  | Some p, Some args -> Direct (direct_primitive p args)
  | Some p, None ->
      arguments args (Array.length args) (fun _ args k ->
          match Sx_primitives.apply p (Array.to_list args) with
          | v -> return k v
          | exception Sx_error error -> throw error k)
  | None, _ -> (
      match compile env f with
      | Direct f ->
          arguments args (Array.length args) (fun env args k ->
              match f env with
              | f -> call f args k
              | exception Sx_error error -> throw error k)
      | Steps f ->
          let all = Array.append [| Steps f |] args in
          arguments all (Array.length all) (fun _ all k ->
              call all.(0) (Array.sub all 1 (Array.length all - 1)) k))

and direct_primitive p args =
  let check = Sx_primitives.check in
  match (p.run, args) with
  | P1 f, [| a |] ->
      fun env ->
        let a = a env in
        if !Sx_primitives.strict then check p [ a ];
        f a
  | P2 f, [| a; b |] ->
      fun env ->
        let a = a env in
        let b = b env in
        if !Sx_primitives.strict then check p [ a; b ];
        f a b
  | _ -> fun env -> Sx_primitives.apply p (Array.to_list (Array.map (fun a -> a env) args))

(* {2 The cache} *)

type entry = Compiled of code | Failed

module Cache = Hashtbl.Make (struct
  type t = int

  let equal (a : int) b = a = b
  let hash (a : int) = (a * 0x9E3779B97F4A7C1) lsr 24
end)

let cache : entry Cache.t = Cache.create 256
let limit = 1024
let max_nesting = 64

(* One entry a lambda expression: all its closures share the code. *)
let key (lam : lam) (env : env) = lam.lid

let build (lam : lam) env =
  incr Sx_stats.jit_compiles;
  match
    if lam.rest || Sx_expand.nesting lam.body > max_nesting then raise Not_compilable;
    steps (compile env lam.body)
  with
  | code -> Compiled code
  | exception Not_compilable -> Failed

let entry lam env =
  let key = key lam env in
  match Cache.find_opt cache key with
  | Some e -> e
  | None ->
      if Cache.length cache >= limit then Cache.reset cache;
      let e = build lam env in
      Cache.replace cache key e;
      e

let code_for lam env =
  match entry lam env with
  | Compiled code -> code
  | Failed ->
      incr Sx_stats.jit_sentinel_hits;
      Sx_cek.eval lam.body

let install () = Sx_machine.code_for := code_for
