create or replace trigger check_nesting
before insert or update of parent_id on forums.forums
for each row
execute function forums.check_nesting();

comment on trigger check_nesting on forums.forums is 'Five levels at most, no circles.';
