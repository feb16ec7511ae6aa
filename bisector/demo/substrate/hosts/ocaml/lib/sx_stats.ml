(* Counters for diagnosis: printed by [sx_server --stats] and by (stats). *)

let jit_compiles = ref 0
let jit_sentinel_hits = ref 0
let type_checks = ref 0
let frames = ref 0
let frame_list_cells = ref 0
let env_copied_bindings = ref 0
let snapshot_frames = ref 0
let calls = ref 0
let count counter n = counter := !counter + n

let allocated_words () =
  let minor, promoted, major = Gc.counters () in
  int_of_float (minor +. major -. promoted)

let all () =
  [
    ("calls", !calls);
    ("jit-compiles", !jit_compiles);
    ("jit-sentinel-hits", !jit_sentinel_hits);
    ("type-checks", !type_checks);
    ("frames", !frames);
    ("frame-list-cells", !frame_list_cells);
    ("env-copied-bindings", !env_copied_bindings);
    ("snapshot-frames", !snapshot_frames);
    ("allocated-words", allocated_words ());
  ]
