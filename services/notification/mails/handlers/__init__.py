"""What happens to addresses when somebody asks, and which mails are made when something comes into an inbox."""
