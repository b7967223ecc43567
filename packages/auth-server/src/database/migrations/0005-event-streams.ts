/** How the delivery of security events to an API went last. What waits for it is in the outbox. */
export const eventStreams = `
create table event_streams (
  resource     text   primary key,
  delivered_at bigint,
  failed_at    bigint,
  error        text
);
`
