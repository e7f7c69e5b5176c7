create or replace function groups.delete_emoji(p_emoji_id uuid)
returns groups.custom_emojis
language plpgsql
volatile
-- Clients have no right to delete; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  emoji groups.custom_emojis;
begin
  select * into emoji from groups.custom_emojis as target where target.id = p_emoji_id;
  if not found then
    perform core.fail('custom_emoji.unknown');
  end if;
  perform groups.locked_group(emoji.group_id);
  perform groups.require_permission(emoji.group_id, 'MANAGE_EMOJIS');
  delete from groups.custom_emojis as target where target.id = p_emoji_id;
  perform audit.record(
    'delete_custom_emoji', 'groups.custom_emojis', p_emoji_id, jsonb_build_object('name', emoji.name), null, p_group_id => emoji.group_id
  );
  return emoji;
end
$$;

comment on function groups.delete_emoji(uuid) is
  E'@name delete_custom_emoji\n@argument emoji_id Identifier of the CustomEmoji.\nDeletes an emoji of a group, and the reactions made with it. Needs MANAGE_EMOJIS (group.not_allowed). Refuses an unknown one (custom_emoji.unknown). Audited.';

revoke all on function groups.delete_emoji(uuid) from public;
grant execute on function groups.delete_emoji(uuid) to stoa_member;
