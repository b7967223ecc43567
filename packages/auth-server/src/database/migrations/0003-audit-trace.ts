/** What was done for one request, by whoever had a part in it, is found by its trace (W3C Trace Context). */
export const auditTrace = `
alter table audit_events add column trace text;
create index audit_events_trace on audit_events (trace, time) where trace is not null;
`
