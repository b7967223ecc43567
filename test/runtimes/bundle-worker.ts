import { writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { bundleForWorker } from './bundle.js'

const { code } = await bundleForWorker(fileURLToPath(new URL('worker.js', import.meta.url)))
await writeFile(new URL('worker.bundle.js', import.meta.url), code)
