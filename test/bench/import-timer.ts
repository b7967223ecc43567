/** A process of its own: prints how many milliseconds the named modules take to import once express is there. */
await import('express')
const start = performance.now()
for (const name of process.argv.slice(2)) await import(name)
process.stdout.write(String(performance.now() - start))
