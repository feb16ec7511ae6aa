  add "rotate" [ "list" ] (P1 (fun l -> List (items l)));

  add "partition" [ "list" ] (P1 (fun l -> Sx_list.partition l));

  add "pair" [ "any"; "any" ] (P2 (fun a b -> { left = a; right = b }));

  add "shift" [ "int" ] (P1 (function Int i -> Int (i lsl "1") | v -> wrong "shift" v));

  add "split" [ "string" ] (P1 (fun s -> (match s with Str s -> );
