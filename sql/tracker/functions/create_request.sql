create or replace function tracker.create_request(
  p_category_id integer,
  p_title text,
  p_bounty numeric,
  p_description text default '',
  p_expires_at timestamptz default null,
  p_key text default null
)
returns tracker.requests
language plpgsql
volatile
-- Clients have no right to insert; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  arguments constant jsonb := jsonb_build_array(p_category_id, p_title, p_bounty, p_description, p_expires_at);
  earlier jsonb;
  request tracker.requests;
begin
  perform core.require_unrestricted('tracker');
  earlier := core.recall('tracker.create_request', p_key, arguments);
  if earlier is not null then
    select * into request from tracker.requests as made where made.id = (earlier ->> 'id')::uuid;
    return request;
  end if;

  perform tracker.check_amount(p_bounty, core.setting_integer('tracker.minimum_bounty'));
  if p_expires_at is not null and p_expires_at not between now() + interval '1 hour' and now() + interval '1 year' then
    perform core.fail('request.expiry_invalid');
  end if;
  perform tracker.open_category(p_category_id, false);

  insert into tracker.requests (requester_id, category_id, title, description, expires_at)
  values (
    me, p_category_id, core.clean_text(p_title, 300), coalesce(core.clean_text(p_description, 20000, false), ''), p_expires_at
  )
  returning * into request;
  perform tracker.contribute(request, p_bounty, true);
  select * into request from tracker.requests as made where made.id = request.id;
  perform core.remember('tracker.create_request', p_key, arguments, jsonb_build_object('id', request.id));
  return request;
end
$$;

comment on function tracker.create_request(integer, text, numeric, text, timestamptz, text) is
  E'@name create_torrent_request\n@argument bounty Points of the caller, taken at once and held.\nAsks the community for something, with a bounty of at least tracker.minimum_bounty points that is taken from the caller at once and held. expires_at: between an hour and a year from now, or never; what lapses is given back. key: send the same again after a lost answer and get the same request. Refuses request.amount_invalid, request.expiry_invalid, torrent_category.unknown, torrent_category.closed and more points than the caller has (tracker.insufficient_points).';

revoke all on function tracker.create_request(integer, text, numeric, text, timestamptz, text) from public;
grant execute on function tracker.create_request(integer, text, numeric, text, timestamptz, text) to stoa_member;
