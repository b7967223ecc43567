/** Chains are numbered in the order they begin: one that is gone leaves a gap. */
export const auditBirths = `
alter table audit_chains add column number bigint;
update audit_chains set number = born.number
  from (select chain, row_number() over (order by started_at, chain) as number from audit_chains) as born
  where born.chain = audit_chains.chain;
alter table audit_chains alter column number set not null;
create unique index audit_chains_number on audit_chains (number);
create index audit_chains_started on audit_chains (started_at);

-- The lock is held to the end of the transaction: a number is given once the one before is committed, and given back with it.
create function number_chain() returns trigger language plpgsql as $$
begin
  perform pg_advisory_xact_lock(7261095);
  select coalesce(max(number), 0) + 1 into new.number from audit_chains;
  return new;
end
$$;
create trigger numbered before insert on audit_chains
  for each row execute function number_chain();
`
