create or replace function tracker.lock_category_tree()
returns void
language plpgsql
volatile
set search_path = ''
as $$
begin
  -- Two moves at once could close a circle that neither of them sees.
  perform pg_advisory_xact_lock(hashtextextended('tracker.lock_category_tree', 0));
end
$$;

comment on function tracker.lock_category_tree() is
  'Internal. Moves in the tree of categories wait here for one another, until the transaction ends.';

revoke all on function tracker.lock_category_tree() from public;
