"""The injected causes: small changes of the server's OCaml code with a clear effect."""

from __future__ import annotations

from bisector.demo.edits import Change, Edit

_LIB = "hosts/ocaml/lib"

ENV_COPY = Change(
    "env: environments are values, each frame has its own scope",
    (
        Edit(
            f"{_LIB}/sx_env.ml",
            "(* The frame of a call: the scope is shared with the caller, never copied. *)\n"
            "let enter parent names slots = extend parent names slots",
            "(* The frame of a call: a value with a scope of its own (the cells are shared). *)\n"
            "let enter parent names slots =\n"
            "  let scope = Hashtbl.copy parent.scope in\n"
            "  Sx_stats.count Sx_stats.env_copied_bindings (Hashtbl.length scope);\n"
            "  { (extend parent names slots) with scope }",
        ),
    ),
)

FRESH_STAMPS = Change(
    "env: every frame has a stamp of its own",
    (
        Edit(
            f"{_LIB}/sx_env.ml",
            "(* A new frame below [parent]. *)",
            "let stamps = ref 0\n\n"
            "(* A small frame belongs to its parent, a larger one has a stamp of its own. *)\n"
            "let stamp parent names =\n"
            "  if Array.length names > 2 then incr stamps;\n"
            "  if Array.length names > 2 then !stamps else parent.stamp\n\n"
            "(* A new frame below [parent]. *)",
        ),
        Edit(
            f"{_LIB}/sx_env.ml",
            "let extend parent names slots =\n"
            "  { names; slots; parent = Some parent; scope = parent.scope; stamp = parent.stamp }",
            "let extend parent names slots =\n"
            "  { names; slots; parent = Some parent; scope = parent.scope; stamp = stamp parent names }",
        ),
    ),
)

STAMPED_KEY = Change(
    "jit: code is cached by lambda and environment",
    (
        Edit(
            f"{_LIB}/sx_jit.ml",
            "(* One entry a lambda expression: all its closures share the code. *)\n"
            "let key (lam : lam) (env : env) = lam.lid",
            "(* One entry a lambda expression and environment. *)\n"
            "let key (lam : lam) (env : env) = (env.stamp lsl 16) lxor lam.lid",
        ),
    ),
)

JIT_MISS = Change(
    "jit: cache code by lambda and environment, stamps for frames",
    FRESH_STAMPS.edits + STAMPED_KEY.edits,
)

SNAPSHOT_COPY = Change(
    "frames: a suspension keeps its own copy of frames and environments",
    (
        Edit(
            f"{_LIB}/sx_frames.ml",
            "(* The record of a suspension, for (last-suspension): shared with the machine. *)\n",
            "let rec copy = function\n"
            "  | List items -> List (List.map copy items)\n"
            "  | Dict d -> Dict (Hashtbl.copy d)\n"
            "  | v -> v\n\n"
            "let rec copy_env env =\n"
            "  { env with slots = Array.map copy env.slots; parent = Option.map copy_env env.parent }\n\n"
            "let copy_frame = function\n"
            "  | Step s -> Step { s with at = copy_env s.at }\n"
            "  | mark -> mark\n\n"
            "(* The record of a suspension, for (last-suspension): safe from later changes. *)\n",
        ),
        Edit(
            f"{_LIB}/sx_frames.ml",
            "let suspend frames = last_suspension := frames",
            "let suspend frames =\n"
            "  Sx_stats.count Sx_stats.snapshot_frames (List.length frames);\n"
            "  last_suspension := List.map copy_frame frames\n\n"
            "let rec all = function Halt -> [] | Push p -> frame p :: all (next p)",
        ),
        Edit(
            f"{_LIB}/sx_frames.ml",
            "(* Push the mark of a guard or handler: nothing is recorded until it is needed. *)\n"
            "let mark frame k = push frame k",
            "(* Push the mark of a guard or handler, and record what it protects. *)\n"
            "let mark frame k =\n"
            "  let marked = push frame k in\n"
            "  suspend (all marked);\n"
            "  marked",
        ),
    ),
)

SENTINEL_WIDENED = Change(
    "jit: leave deeply nested bodies to the tree-walk",
    (Edit(f"{_LIB}/sx_jit.ml", "let max_nesting = 64", "let max_nesting = 6"),),
)

TYPE_CHECK = Change(
    "primitives: strict mode by default",
    (Edit(f"{_LIB}/sx_primitives.ml", "let strict = ref false", "let strict = ref true"),),
)

FRAME_LISTS = Change(
    "frames: tagged lists instead of records",
    (
        Edit(
            f"{_LIB}/sx_types.ml",
            "and pushed = { frame : frame; next : kont }",
            "and pushed = part list\nand part = Tag of string | Depth of int | Frame of frame | Next of kont",
        ),
        Edit(
            f"{_LIB}/sx_frames.ml",
            "let push frame next =\n"
            "  incr Sx_stats.frames;\n"
            "  Push { frame; next }\n\n"
            "let frame p = p.frame\n"
            "let next p = p.next\n",
            "let depth = function Push (_ :: Depth d :: _) -> d | _ -> 0\n\n"
            "let push frame next =\n"
            "  incr Sx_stats.frames;\n"
            "  Sx_stats.count Sx_stats.frame_list_cells 4;\n"
            '  Push [ Tag "frame"; Depth (depth next + 1); Next next; Frame frame ]\n\n'
            "let rec frame = function Frame f :: _ -> f | _ :: parts -> frame parts | [] -> raise Not_found\n"
            "let rec next = function Next k :: _ -> k | _ :: parts -> next parts | [] -> raise Not_found\n",
        ),
    ),
)

MARKERS = Change(
    "frames: every suspension is registered, by its depth",
    (
        Edit(
            f"{_LIB}/sx_frames.ml",
            "let suspend frames = last_suspension := frames",
            "let registered : (int, frame list list) Hashtbl.t = Hashtbl.create 16\n\n"
            "(* A suspension is registered once. *)\n"
            "let suspend frames =\n"
            "  let depth = List.length frames in\n"
            "  let others = Option.value (Hashtbl.find_opt registered depth) ~default:[] in\n"
            "  if not (List.memq frames others) then Hashtbl.replace registered depth (frames :: others);\n"
            "  last_suspension := frames",
        ),
    ),
)

OOM = Change(
    "trace: keep the whole chain of calls with their arguments",
    (
        Edit(
            f"{_LIB}/sx_trace.ml",
            "(* The last calls, for messages about errors: a ring of fixed size. *)",
            "(* All calls with their arguments, for messages about errors. *)",
        ),
        Edit(
            f"{_LIB}/sx_trace.ml",
            "  ring.(!at) <- lam.lid\n",
            "  ring.(!at) <- lam.lid;\n  chain := (lam.lid, slots) :: !chain\n",
        ),
        Edit(
            f"{_LIB}/sx_trace.ml",
            "let at = ref 0\n",
            "let at = ref 0\nlet chain : (int * value array) list ref = ref []\n",
        ),
    ),
)
