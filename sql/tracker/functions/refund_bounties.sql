create or replace function tracker.refund_bounties(p_request tracker.requests)
returns void
language plpgsql
volatile
set search_path = ''
as $$
declare
  bounty tracker.request_bounties;
begin
  -- By person, as everything that moves points of several people; the request is locked, so none is added meanwhile.
  for bounty in
    select *
    from tracker.request_bounties as held
    where held.request_id = p_request.id
      and held.refund_transaction_id is null
    order by held.user_id, held.id
  loop
    update tracker.request_bounties as held
    set refund_transaction_id = tracker.post_bonus(
      bounty.user_id, bounty.amount, 'bounty_refund',
      p_request_id => p_request.id, p_description => left(p_request.title, 300)
    )
    where held.id = bounty.id;
  end loop;
end
$$;

comment on function tracker.refund_bounties(tracker.requests) is
  'Internal. Gives every contribution to a request that is locked back to whoever made it, once.';

revoke all on function tracker.refund_bounties(tracker.requests) from public;
