import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

const settledHeap = async (): Promise<number> => {
  for (let turn = 0; turn < 3; turn += 1) {
    await new Promise((resolve) => setTimeout(resolve, 5))
    collect()
  }
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}

/** Bytes of heap and buffers still held after this work and a collection, beyond what was held before. */
export const heapAfter = async (work: () => void | Promise<void>): Promise<number> => {
  const before = await settledHeap()
  await work()
  return (await settledHeap()) - before
}
