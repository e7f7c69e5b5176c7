create or replace function groups.start_thread(
  p_channel_id uuid,
  p_name text,
  p_message_id uuid default null,
  p_auto_archive_minutes integer default null
)
returns groups.threads
language plpgsql
volatile
-- Clients have no right to insert; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  parent groups.channels;
  home uuid;
  thread groups.threads;
begin
  perform core.require_unrestricted('chat');
  parent := groups.permitted_channel(p_channel_id, 'CREATE_THREADS');
  if parent.type not in ('text', 'announcement') then
    perform core.fail('channel.wrong_type');
  end if;
  if p_auto_archive_minutes not in (60, 1440, 4320, 10080) then
    perform core.fail('input.malformed');
  end if;
  -- Two threads from one message at once: the second waits here, and then sees the first.
  perform from groups.channels as channel where channel.id = p_channel_id and channel.deleted_at is null for no key update;
  if not found then
    perform core.fail('channel.unknown');
  end if;
  if p_message_id is not null then
    perform groups.locked_message(p_channel_id, p_message_id);
    perform
    from groups.threads as known
    where known.parent_channel_id = p_channel_id and known.root_message_id = p_message_id;
    if found then
      perform core.fail('thread.exists');
    end if;
  end if;
  insert into groups.channels (group_id, parent_channel_id, type, name, nsfw, slowmode_seconds)
  values (parent.group_id, p_channel_id, 'thread', core.clean_text(p_name, 100), parent.nsfw, parent.slowmode_seconds)
  returning id into home;
  insert into groups.threads (channel_id, parent_channel_id, root_message_id, owner_id, auto_archive_minutes)
  values (
    home, p_channel_id, p_message_id, me, coalesce(p_auto_archive_minutes, parent.default_auto_archive_minutes, 1440)
  )
  returning * into thread;
  insert into groups.thread_members (channel_id, user_id) values (home, me);
  perform groups.append_message(
    p_channel_id, 'thread_created', p_metadata => jsonb_build_object('thread_id', home, 'user_id', me)
  );
  return thread;
end
$$;

comment on function groups.start_thread(uuid, text, uuid, integer) is
  'Starts a thread in a text or announcement channel, from one of its messages or by itself, and follows it. It has the slow mode of its channel. auto_archive_minutes: 60, 1440, 4320 or 10080 of silence until it is archived. Needs CREATE_THREADS (channel.not_allowed). Refuses channel.unknown, other channels (channel.wrong_type), channel_message.unknown, a message that has a thread (thread.exists), other spans (input.malformed), group_member.timed_out. Limit: name 100 characters. Refuses whoever is barred from chatting (account.activity_barred).';

revoke all on function groups.start_thread(uuid, text, uuid, integer) from public;
grant execute on function groups.start_thread(uuid, text, uuid, integer) to stoa_member;
