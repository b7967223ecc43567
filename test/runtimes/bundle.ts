import { rolldown } from 'rolldown'

/** One file for a runtime that is neither Node nor a browser, and what it still imports. */
export async function bundleForWorker(
  input: string,
): Promise<{ readonly code: string; readonly imports: readonly string[] }> {
  const bundle = await rolldown({
    input,
    platform: 'neutral',
    resolve: { conditionNames: ['workerd', 'worker', 'browser', 'import', 'default'] },
    onLog: (_level, log) => {
      if (log.code !== 'UNRESOLVED_IMPORT') throw new Error(log.message)
    },
  })
  const { output } = await bundle.generate({ format: 'esm', codeSplitting: false })
  await bundle.close()
  const [{ code, fileName, imports, dynamicImports }] = output
  // what is imported later is in the same file
  return { code, imports: [...imports, ...dynamicImports].filter((name) => name !== fileName) }
}
