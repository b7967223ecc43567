/** What agents did is found by the call of the tool, and an event that a client sent is its own, whatever ids others use. */
export const auditAgents = `
alter table audit_events add column tool_call text;
create index audit_events_tool_call on audit_events (tool_call, time) where tool_call is not null;
-- what an agent could do then is read from the next change after it, however much it did meanwhile
create index audit_events_agent_change on audit_events (actor, time)
  where type in ('agent.changed', 'agent.suspended', 'agent.retired');
create index consents_agent on consents (agent_id, created_at);
alter table audit_events disable trigger append_only;
update audit_events set id = id || '/' || (event::json -> 'observer' ->> 'client') where starts_with(chain, 'api:');
alter table audit_events enable trigger append_only;
`
