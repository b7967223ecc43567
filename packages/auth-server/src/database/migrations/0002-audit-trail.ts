/** The trail is append-only for whoever does not switch triggers off, and every chain knows who writes it. */
export const auditTrail = `
alter table audit_chains
  add column instance   text   not null,
  add column started_at bigint not null,
  add column changed_at bigint not null;
create index audit_chains_instance on audit_chains (instance);
create index audit_events_type on audit_events (type, time);
create index audit_events_client on audit_events (client, time) where client is not null;
-- most events allow something: who looks for those finds them by time
create index audit_events_reason on audit_events (reason, time) where reason <> 'allowed';
drop index audit_events_decision;
create index audit_events_decision on audit_events (decision, time) where decision <> 'allow';

create function refuse_change() returns trigger language plpgsql as $$
begin
  raise exception '% is append-only: % refused', tg_table_name, tg_op using errcode = 'insufficient_privilege';
end
$$;
create trigger append_only before update or delete or truncate on audit_events
  for each statement execute function refuse_change();
create trigger append_only before update or delete or truncate on audit_checkpoints
  for each statement execute function refuse_change();
create trigger append_only before delete or truncate on audit_chains
  for each statement execute function refuse_change();
`
