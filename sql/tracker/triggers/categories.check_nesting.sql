create or replace trigger check_nesting
before insert or update of parent_id on tracker.categories
for each row
execute function tracker.check_category_nesting();

comment on trigger check_nesting on tracker.categories is 'Four levels at most, no circles.';
