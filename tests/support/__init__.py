"""What tests share: the parts they run against, and waiting. No test lives here."""
