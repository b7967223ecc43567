// Preloaded into every service: it ends when the process that started it is gone, however that one ended.
function end(): void {
  process.exit(1)
}

process.once('disconnect', end)
process.stdout.on('error', end)
process.channel?.unref()
if (!process.connected) end()
