"""What does ``python -m rekognition_operator`` do? The same as the command rekognition-operator."""

from rekognition_operator.cli.main import main

if __name__ == "__main__":
    main()
