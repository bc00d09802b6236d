"""What does a guided tour of the operator show, on a machine of one's own?"""
