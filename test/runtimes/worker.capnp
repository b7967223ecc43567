using Workerd = import "/workerd/workerd.capnp";

const config :Workerd.Config = (
  services = [(
    name = "smoke",
    worker = (
      modules = [(name = "worker.js", esModule = embed "../dist/runtimes/worker.bundle.js")],
      compatibilityDate = "2026-10-01",
    ),
  )],
);
