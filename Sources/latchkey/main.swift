// The program: arguments in, exit code out. Everything else is in Server.
import Glibc
import Server

// Signals of a server are waited for by a thread of its own; this must come before any other.
if CommandLine.arguments.dropFirst().first == "serve" { Signals.block() }
// What this program writes is for its user only.
umask(0o077)
let words = Array(CommandLine.arguments.dropFirst())
MainThread.run { await Tool(.process()).run(words) }
