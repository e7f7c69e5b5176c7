create or replace function moderation.appeal(p_ban_id uuid, p_text text)
returns moderation.bans
language plpgsql
volatile
-- A banned account has the rights of a visitor.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.current_user_id();
  words text;
  ban moderation.bans;
begin
  if me is null then
    perform core.fail('session.required');
  end if;
  words := core.clean_text(p_text, 4000);

  -- Two appeals at once: the second waits here and finds the first.
  perform
  from core.users as person
  where person.id = me
    and person.is_active
    and person.deleted_at is null
    and person.erased_at is null
  for no key update;
  if not found then
    perform core.fail('account.restricted');
  end if;
  select * into ban from moderation.bans as candidate where candidate.id = p_ban_id and candidate.user_id = me;
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
    p_submitted_by => me,
    p_subject_user_id => me,
    p_metadata => jsonb_build_object('text', words)
  );
  perform audit.record('appeal_ban', 'moderation.bans', p_ban_id);

  ban.staff_note := null;
  return ban;
end
$$;

comment on function moderation.appeal(uuid, text) is
  E'@name appeal_ban\nAsks the administrators to lift a running ban of the caller, once per ban, in up to 4,000 characters. The one procedure besides reopening that a banned account may call. Refuses user_ban.unknown, user_ban.not_running, user_ban.appealed, an empty text, and accounts that are disabled, closed or erased (account.restricted). Audited.';

revoke all on function moderation.appeal(uuid, text) from public;
grant execute on function moderation.appeal(uuid, text) to stoa_anonymous;
