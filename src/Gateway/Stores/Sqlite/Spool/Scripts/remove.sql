DELETE FROM spool WHERE number = $number;
