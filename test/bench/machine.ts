import { cpus } from 'node:os'

/** Where and when the numbers were taken, in one line. */
export function machineFacts(): string {
  const processors = cpus()
  const model = processors[0]?.model.trim() ?? 'unknown processor'
  const { node, openssl } = process.versions
  const date = new Date().toISOString().slice(0, 10)
  return `${processors.length} × ${model}, ${process.platform} ${process.arch}, Node ${node}, OpenSSL ${openssl}, ${date}`
}
