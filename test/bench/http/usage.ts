/** Processor time this process has used, all its threads together, in milliseconds. */
export function usedMilliseconds(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1000
}
