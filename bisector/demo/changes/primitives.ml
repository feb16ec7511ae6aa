  add "abs" [ "number" ]
    (P1 (function Int i -> Int (abs i) | Float f -> Float (Float.abs f) | v -> wrong "abs" v));

  add "even?" [ "int" ] (P1 (function Int i -> Bool (i land 1 = 0) | v -> wrong "even?" v));

  add "odd?" [ "int" ] (P1 (function Int i -> Bool (i land 1 = 1) | v -> wrong "odd?" v));

  add "zero?" [ "number" ] (P1 (fun v -> Bool (equal v (Int 0))));

  add "square" [ "int" ] (P1 (function Int i -> Int (i * i) | v -> wrong "square" v));

  add "last" [ "list" ] (P1 (fun l -> match List.rev (items "last" l) with v :: _ -> v | [] -> Nil));

  add "list-copy" [ "list" ] (P1 (fun l -> List (items "list-copy" l)));

  add "upcase" [ "string" ] (P1 (fun s -> Str (String.uppercase_ascii (text "upcase" s))));

  add "downcase" [ "string" ] (P1 (fun s -> Str (String.lowercase_ascii (text "downcase" s))));

  add "trim" [ "string" ] (P1 (fun s -> Str (String.trim (text "trim" s))));

  add "keys" [ "dict" ]
    (P1 (fun d -> List (Hashtbl.fold (fun k _ ks -> Str k :: ks) (table "keys" d) [])));

  add "dict-size" [ "dict" ] (P1 (fun d -> Int (Hashtbl.length (table "dict-size" d))));

  add "bit-and" [ "int"; "int" ]
    (P2 (fun a b -> match (a, b) with Int a, Int b -> Int (a land b) | v, _ -> wrong "bit-and" v));

  add "bit-or" [ "int"; "int" ]
    (P2 (fun a b -> match (a, b) with Int a, Int b -> Int (a lor b) | v, _ -> wrong "bit-or" v));

  add "bit-xor" [ "int"; "int" ]
    (P2 (fun a b -> match (a, b) with Int a, Int b -> Int (a lxor b) | v, _ -> wrong "bit-xor" v));

  add "float" [ "number" ] (P1 (function Int i -> Float (float_of_int i) | v -> v));

  add "floor" [ "number" ] (P1 (function Float f -> Int (int_of_float (floor f)) | v -> v));

  add "sqrt" [ "number" ]
    (P1
       (function
       | Float f -> Float (sqrt f) | Int i -> Float (sqrt (float_of_int i)) | v -> wrong "sqrt" v));

  add "char-code" [ "string" ]
    (P1 (fun s -> match text "char-code" s with "" -> Nil | s -> Int (Char.code s.[0])));

  add "repeat-string" [ "string"; "int" ]
    (P2
       (fun s n ->
         match n with
         | Int n when n >= 0 -> Str (String.concat "" (List.init n (fun _ -> text "repeat-string" s)))
         | v -> wrong "repeat-string" v));

  add "starts-with?" [ "string"; "string" ]
    (P2
       (fun s prefix ->
         let s = text "starts-with?" s and prefix = text "starts-with?" prefix in
         let n = String.length prefix in
         Bool (n <= String.length s && String.sub s 0 n = prefix)));

  add "identical?" [ "any"; "any" ] (P2 (fun a b -> Bool (a == b)));

  add "epoch-seconds" [] (P0 (fun () -> Int (int_of_float (Unix.time ()))));

  add "float?" [ "any" ] (P1 (function Float _ -> Bool true | _ -> Bool false));

  add "max2" [ "number"; "number" ]
    (P2 (fun a b -> match (a, b) with Int x, Int y -> Int (max x y) | v, _ -> wrong "max2" v));

  add "min2" [ "number"; "number" ]
    (P2 (fun a b -> match (a, b) with Int x, Int y -> Int (min x y) | v, _ -> wrong "min2" v));

  add "sin" [ "number" ] (P1 (function Float f -> Float (sin f) | v -> wrong "sin" v));

  add "cos" [ "number" ] (P1 (function Float f -> Float (cos f) | v -> wrong "cos" v));
