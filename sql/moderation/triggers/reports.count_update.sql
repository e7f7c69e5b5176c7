create or replace trigger count_update
after update on moderation.reports
referencing old table as removed new table as added
for each statement
execute function moderation.count_reports();

comment on trigger count_update on moderation.reports is 'Keeps report_count of the queue item.';
