create or replace function moderation.file_appeal(p_user_id uuid, p_ban_id uuid, p_text text)
returns moderation.bans
language plpgsql
volatile
set search_path = ''
as $$
declare
  words constant text := core.clean_text(p_text, 4000);
  ban moderation.bans;
begin
  -- Two appeals at once: the second waits here and finds the first.
  perform
  from core.users as person
  where person.id = p_user_id
    and person.is_active
    and person.deleted_at is null
    and person.erased_at is null
  for no key update;
  if not found then
    perform core.fail('account.restricted');
  end if;
  select * into ban from moderation.bans as candidate where candidate.id = p_ban_id and candidate.user_id = p_user_id;
  if not found then
    perform core.fail('user_ban.unknown');
  end if;
  if ban.lifted_at is not null or ban.expires_at <= clock_timestamp() then
    perform core.fail('user_ban.not_running');
  end if;
  if ban.appealed_at is not null then
    perform core.fail('user_ban.appealed');
  end if;

  update moderation.bans as target
  set appealed_at = clock_timestamp()
  where target.id = p_ban_id
  returning * into ban;
  perform moderation.enqueue(
    'appeal', 'ban', p_ban_id,
    p_submitted_by => p_user_id,
    p_subject_user_id => p_user_id,
    p_metadata => jsonb_build_object('text', words)
  );
  perform audit.record('appeal_ban', 'moderation.bans', p_ban_id, null, jsonb_build_object('user_id', p_user_id));

  ban.staff_note := null;
  return ban;
end
$$;

comment on function moderation.file_appeal(uuid, uuid, text) is
  'Internal. Queues the appeal of somebody against a running ban of theirs, once per ban, and returns the ban without the note of staff. Refuses user_ban.unknown, user_ban.not_running, user_ban.appealed, an empty text, one over 4,000 characters, and accounts that are disabled, closed or erased (account.restricted). Audited.';

revoke all on function moderation.file_appeal(uuid, uuid, text) from public;
