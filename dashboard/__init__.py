"""What the pages share: controls, figures, cached resources, background jobs, links and downloads."""
