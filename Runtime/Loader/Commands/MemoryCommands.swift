// SPDX-License-Identifier: Apache-2.0
import CLinux
import Glibc

/// `mod.*`, `pkg.*`, `shm.*`, and the parts of `corex.*` that only the server knows: memory, as tools ask for it that
/// were written for one pool per process and one for all. Here is one heap, so each of them tells of that.
struct MemoryCommands {
    let setup: Setup

    func register(in commands: Commands) {
        commands.add("shm.stats", "The memory of the process, in bytes.") { run in
            let heap = cl_heap_state()
            run.structure {
                run.put("total", heap.total)
                run.put("free", heap.free)
                run.put("used", heap.used)
                run.put("real_used", heap.used)
                run.put("max_used", heap.most)
                run.put("fragments", heap.pieces)
            }
        }
        commands.add("shm.report", "The memory of the process, in bytes, by other names.") { run in
            let heap = cl_heap_state()
            run.structure {
                run.put("total_size", heap.total)
                run.put("free_size_s", heap.free)
                run.put("used_size_s", heap.used)
                run.put("real_used_s", heap.used)
                run.put("max_used_s", heap.most)
                run.put("free_frags", heap.pieces)
            }
        }
        for name in ["shm.info", "pkg.info"] {
            commands.add(name, "What the memory is managed by, and how much there is.") { run in
                run.structure {
                    run.put("name", "libc")
                    run.put("size", cl_heap_state().total)
                }
            }
        }
        commands.add("pkg.stats", "The memory of the process, as one entry.") { run in
            let heap = cl_heap_state()
            run.structure {
                run.put("entry", 0)
                run.put("pid", Int(getpid()))
                run.put("rank", 0)
                run.put("used", heap.used)
                run.put("free", heap.free)
                run.put("real_used", heap.used)
                run.put("total_size", heap.total)
                run.put("total_frags", heap.pieces)
                run.put("desc", "all threads: one heap")
            }
        }
        for name in ["mod.stats", "mod.mem_stats"] {
            commands.add(
                name, "The memory of the process: who uses how much of the one heap is not counted."
            ) { run in
                let wanted = run.arguments.text(0) ?? "all"
                guard
                    wanted == "all" || wanted == "core"
                        || setup.loader.plugins.contains(where: { $0.name == wanted })
                else { return run.fail(500, "no plugin is called \(wanted)") }
                run.put("Module: \(wanted)")
                run.structure { run.put("Total", wanted == "all" ? cl_heap_state().used : 0) }
            }
        }
        guard setup.loader.plugins.contains(where: { $0.name == "corex" }) else { return }
        commands.add("corex.list_sockets", "The sockets that the server listens on.") { run in
            for socket in setup.network.sockets {
                run.structure {
                    run.put("PROTO", socket.transport.name)
                    run.put("NAME", socket.endpoint.address)
                    run.structure("ADDRLIST") { run.put("ADDR", socket.endpoint.address) }
                    run.put("PORT", Int(socket.port))
                    run.put("MCAST", "no")
                    run.put("MHOMED", setup.network.options.mhomed ? "yes" : "no")
                    run.put("VIRTUAL", "no")
                    run.put("SOCKNAME", socket.name ?? "-")
                    let isOther = socket.advertisedHost != socket.endpoint.host
                    run.put("ADVERTISE", isOther ? socket.advertisedHost : "-")
                }
            }
        }
        commands.add("corex.list_aliases", "The names that are this server's besides its addresses.") { run in
            for alias in setup.network.aliases {
                run.structure {
                    run.put("PROTO", alias.transport?.name ?? "*")
                    run.put("ADDR", alias.host)
                    run.put("PORT", Int(alias.port ?? 0))
                }
            }
        }
        for name in ["corex.shm_status", "corex.shm_summary", "corex.pkg_summary"] {
            commands.add(name, "Writes into the log how much memory the process uses.") { _ in
                let heap = cl_heap_state()
                Log.write(
                    .notice, "memory: \(heap.used) bytes used of \(heap.total), \(heap.most) at most")
            }
        }
    }
}
