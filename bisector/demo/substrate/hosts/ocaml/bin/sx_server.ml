(* The server: reads (epoch N) and a form, answers (ok-len N BYTES) and the
   payload, or (error N "message"). *)

open Sx_types

let version = "sx_server 0.4"

let reply_value epoch v =
  let payload = Sx_printer.to_string v in
  Printf.printf "(ok-len %d %d)\n%s\n%!" epoch (String.length payload) payload

let reply_error epoch message =
  Printf.printf "(error %d %s)\n%!" epoch (Sx_printer.to_string (Str message))

let read_file path =
  match open_in_bin path with
  | ic ->
      let text = really_input_string ic (in_channel_length ic) in
      close_in ic;
      text
  | exception Sys_error reason -> fail reason

let rec evaluate form =
  match form with
  | List [ Sym { name = "load" }; Str path ] ->
      let forms = Sx_parser.read_all (Sx_parser.of_string (read_file path)) in
      List.iter (fun f -> ignore (evaluate f)) forms;
      Int (List.length forms)
  | _ -> Sx_cek.eval (Sx_expand.expand form) Sx_env.root Halt

(* The answer of epoch N is kept under the name @N. *)
let answer epoch form =
  (match evaluate form with
  | v ->
      Sx_env.define (intern ("@" ^ string_of_int epoch)) v;
      reply_value epoch v
  | exception (Sx_error e | Sx_machine.Uncaught e) -> reply_error epoch (Sx_printer.display e)
  | exception Sx_parser.Syntax reason -> reply_error epoch ("syntax: " ^ reason)
  | exception Stack_overflow -> reply_error epoch "the form is nested too deeply");
  Sx_trace.clear ()

let rec serve source epoch =
  match Sx_parser.read source with
  | List [ Sym { name = "epoch" }; Int n ] -> serve source n
  | form ->
      answer epoch form;
      serve source epoch
  | exception Sx_parser.End_of_input -> ()
  | exception Sx_parser.Syntax reason ->
      reply_error epoch ("syntax: " ^ reason);
      serve source epoch

let print_stats () =
  List.iter (fun (name, n) -> Printf.eprintf "counter %s %d\n" name n) (Sx_stats.all ())

let () =
  Sx_primitives.install ();
  Sx_jit.install ();
  match Array.to_list Sys.argv with
  | _ :: "--version" :: _ -> print_endline version
  | _ :: options ->
      serve (Sx_parser.of_channel stdin) 0;
      if List.mem "--stats" options then print_stats ()
  | [] -> ()
