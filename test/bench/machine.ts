import { cpus, loadavg } from 'node:os'

/** Where and when numbers were taken, and how busy the machine was, in one line. */
export function machineFacts(): string {
  const processors = cpus()
  const model = processors[0]?.model.trim() ?? 'unknown processor'
  const { node, openssl } = process.versions
  const date = new Date().toISOString().slice(0, 10)
  const load = loadavg()[0]?.toFixed(1) ?? 'unknown'
  return `${processors.length} × ${model}, ${process.platform} ${process.arch}, Node ${node}, OpenSSL ${openssl}, load average ${load}, ${date}`
}
