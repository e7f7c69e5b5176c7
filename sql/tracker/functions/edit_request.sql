create or replace function tracker.edit_request(p_request_id uuid, p_patch jsonb)
returns tracker.requests
language plpgsql
volatile
-- Clients have no right to update; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  before tracker.requests;
  after tracker.requests;
begin
  perform core.require_unrestricted('tracker');
  perform core.check_patch(p_patch, array['title', 'description']);
  before := tracker.open_request(p_request_id);
  if before.requester_id is distinct from me and core.current_role_rank() < 2 then
    perform core.fail('request.not_requester');
  end if;
  after := before;
  if p_patch ? 'title' then after.title := core.clean_text(core.patch_text(p_patch, 'title', null, 300), 300); end if;
  after.description := coalesce(core.patch_text(p_patch, 'description', before.description, 20000), '');
  update tracker.requests as target
  set title = after.title,
      description = after.description
  where target.id = p_request_id
  returning * into after;
  if before.requester_id is distinct from me then
    perform audit.record(
      'edit_request', 'tracker.requests', p_request_id,
      jsonb_build_object('title', before.title, 'description', before.description),
      jsonb_build_object('title', after.title, 'description', after.description)
    );
  end if;
  return after;
end
$$;

comment on function tracker.edit_request(uuid, jsonb) is
  E'@name edit_torrent_request\nChanges the title or the description of a request that waits to be filled: its requester or a moderator (request.not_requester). Refuses request.unknown, request.fill_proposed and request.closed. What staff does is audited.';

revoke all on function tracker.edit_request(uuid, jsonb) from public;
grant execute on function tracker.edit_request(uuid, jsonb) to stoa_member;
