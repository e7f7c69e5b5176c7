create or replace function audit.scrub_log(p_progress audit.erasures, p_limit integer)
returns integer
language plpgsql
volatile
set search_path = ''
as $$
declare
  conclusive constant text := audit.word_pattern(p_progress.identifiers, false);
  every_word constant text := audit.word_pattern(p_progress.identifiers, true);
  entry audit.logs;
  scrubbed audit.logs;
  pattern text;
  left_there jsonb := '{}';
  affected integer := 0;
begin
  for entry in
    select *
    from audit.logs as target
    where target.actor_id = p_progress.user_id
        and num_nonnulls(target.ip_address, target.user_agent, target.reason) > 0
      or concat_ws(' ', target.old_values, target.new_values, target.reason, target.user_agent, host(target.ip_address))
        ~* case
          when p_progress.user_id in (target.actor_id, target.resource_id) then every_word
          else conclusive
        end
    order by target.id
    limit p_limit
  loop
    scrubbed := entry;
    pattern := case
      when coalesce(p_progress.user_id in (entry.actor_id, entry.resource_id), false) then every_word
      else conclusive
    end;
    if entry.actor_id = p_progress.user_id then
      scrubbed.ip_address := null;
      scrubbed.user_agent := null;
      scrubbed.reason := null;
    end if;
    if host(scrubbed.ip_address) ~* pattern then
      scrubbed.ip_address := null;
    end if;
    scrubbed.user_agent := regexp_replace(scrubbed.user_agent, pattern, '[erased]', 'gi');
    scrubbed.reason := regexp_replace(scrubbed.reason, pattern, '[erased]', 'gi');
    scrubbed.old_values := audit.without_words(scrubbed.old_values, pattern);
    scrubbed.new_values := audit.without_words(scrubbed.new_values, pattern);

    -- Announced first: the guard of the log lets through exactly this.
    update audit.digests
    set salt = null,
        scrubbed_for = p_progress.request_id,
        scrubbed_digest = audit.personal_digest(scrubbed, '')
    where log_id = entry.id;
    update audit.logs
    set old_values = scrubbed.old_values,
        new_values = scrubbed.new_values,
        reason = scrubbed.reason,
        ip_address = scrubbed.ip_address,
        user_agent = scrubbed.user_agent
    where id = entry.id;
    left_there := left_there || jsonb_build_object(entry.id, encode(audit.personal_digest(scrubbed, ''), 'hex'));
    affected := affected + 1;
  end loop;

  if affected > 0 then
    perform audit.record(
      p_action => 'privacy.scrub_log',
      p_resource_type => 'audit.privacy_requests',
      p_resource_id => p_progress.request_id,
      p_new_values => jsonb_build_object('entries', left_there)
    );
  end if;
  return affected;
end
$$;

comment on function audit.scrub_log(audit.erasures, integer) is
  'Takes out of at most p_limit entries of the log what identifies the person of an erasure: address, user agent and reason where they acted, the words that they are recognised by everywhere. Writes an entry that says which ones and what was left, which is sealed like any other. Reads the whole log.';

revoke all on function audit.scrub_log(audit.erasures, integer) from public;
