create or replace function audit.scrub_restored(p_table regclass, p_is_log boolean)
returns bigint
language plpgsql
volatile
set search_path = ''
as $$
declare
  scrubbed record;
  erased bigint := 0;
begin
  -- The words that a person is recognised by went with the end of the erasure, so all that could hold them goes.
  for scrubbed in
    execute format(
      $query$
        with person as (
          select distinct on (done.user_id) done.user_id, done.request_id
          from audit.erasures as done
          order by done.user_id, done.started_at desc
        ),
        emptied as (
          update %1$s as target
          set old_values = null,
              new_values = null,
              reason = null,
              ip_address = case when target.actor_id = person.user_id then null else target.ip_address end,
              user_agent = case when target.actor_id = person.user_id then null else target.user_agent end
          from person
          where person.user_id in (target.actor_id, target.resource_id)
            and (
              num_nonnulls(target.old_values, target.new_values, target.reason, target.ip_address, target.user_agent) > 0
              -- Emptied by a run that was cut off before the digests were.
              or exists (
                select
                from audit.digests as committed
                where committed.log_id = target.id
                  and committed.personal_digest
                    <> audit.personal_digest(jsonb_populate_record(null::audit.logs, to_jsonb(target)), committed.salt)
              )
            )
            -- What an erasure left was archived as it left it.
            and not exists (
              select
              from audit.digests as committed
              where committed.log_id = target.id
                and committed.scrubbed_digest
                  = audit.personal_digest(jsonb_populate_record(null::audit.logs, to_jsonb(target)), '')
            )
          returning person.request_id, target.id,
            audit.personal_digest(jsonb_populate_record(null::audit.logs, to_jsonb(target)), '') as digest
        )
        select request_id, count(*) as amount, array_agg(id) as ids, array_agg(digest) as digests,
          jsonb_object_agg(id, encode(digest, 'hex')) as entries
        from emptied
        group by request_id
      $query$,
      p_table
    )
  loop
    erased := erased + scrubbed.amount;
    continue when not p_is_log;
    update audit.digests as committed
    set salt = null,
        scrubbed_for = scrubbed.request_id,
        scrubbed_digest = given.digest
    from unnest(scrubbed.ids, scrubbed.digests) as given (id, digest)
    where committed.log_id = given.id;
    perform audit.record(
      p_action => 'privacy.scrub_log',
      p_resource_type => 'audit.privacy_requests',
      p_resource_id => scrubbed.request_id,
      p_new_values => jsonb_build_object('entries', scrubbed.entries)
    );
  end loop;
  return erased;
end
$$;

comment on function audit.scrub_restored(regclass, boolean) is
  'Owner, in the transaction in which entries of the log come back from an archive into p_table: empties what was written by or about everybody who was erased since. p_is_log: it becomes a part of the log again, so its digests follow, and an entry says what was left, as after an erasure. Returns how many entries were changed. Reads all of p_table.';

revoke all on function audit.scrub_restored(regclass, boolean) from public;
